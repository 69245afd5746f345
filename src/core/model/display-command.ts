/** As a person would type it, without the quotes of a shell. */
export function displayCommand(words: readonly string[]): string {
  return words.map((word) => (/\s/.test(word) ? JSON.stringify(word) : word)).join(' ');
}
