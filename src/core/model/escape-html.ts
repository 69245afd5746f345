/** Control characters that HTML allows. */
const ALLOWED = new Set(['\t', '\n', '\r']);

/** Also makes control characters visible, which HTML does not allow. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
    .replaceAll(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu, (character) =>
      ALLOWED.has(character) ? character : '\ufffd',
    );
}
