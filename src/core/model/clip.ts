/** The first `length` UTF-16 units of a text at most, and never half of a character. */
export function textStart(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  const isHalf = last >= 0xd800 && last <= 0xdbff;
  return text.slice(0, isHalf ? length - 1 : length);
}

/** A text of at most `length` UTF-16 units, which ends with `…` where its rest is left out. */
export function clip(text: string, length: number): string;
export function clip(text: string | undefined, length: number): string | undefined;
export function clip(text: string | undefined, length: number): string | undefined {
  return text !== undefined && text.length > length ? `${textStart(text, length - 1)}…` : text;
}
