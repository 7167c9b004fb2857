/**
 * Text that somebody else wrote (a provider, a chain, the name of a file) on its way to a terminal: it must not move the
 * cursor, colour what follows, fill the screen, or turn its letters around so that it looks like another.
 */
const CHARS_MAX = 500
const LINES_CHARS_MAX = 8_000

/** On one line. */
export function printable(words: string): string {
  return cut(words.replaceAll(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, ' '), CHARS_MAX)
}

/** With its own line ends. */
export function printableLines(words: string): string {
  return cut(words.replaceAll(/(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu, ' '), LINES_CHARS_MAX)
}

function cut(words: string, charsMax: number): string {
  return words.length > charsMax ? `${words.slice(0, charsMax)}…` : words
}
