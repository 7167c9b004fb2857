/** How many columns a text takes, and its breaks. */
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'

/** Of text with colours, accents and characters of two columns. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

/** Between words: a CID or a path stays whole, so that it can be copied, also where it is wider than the terminal. */
export function wrapTo(text: string, columns: number): string[] {
  return Number.isFinite(columns) ? wrapAnsi(text, columns, { wordWrap: true }).split('\n') : text.split('\n')
}
