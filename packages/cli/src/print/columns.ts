/** How many columns a text takes, and its breaks. */
import stringWidth from 'fast-string-width'
import { wrapAnsi } from 'fast-wrap-ansi'

/** Of text with colours, accents and characters of two columns. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)))
}

/** No text has it, and it is as wide as the space that it stands for. */
const KEPT_SPACE = '\ue000'

/**
 * Between words: a CID, a path or a command in backticks stays whole, so that it can be copied, also where it is wider than
 * the terminal.
 */
export function wrapTo(text: string, columns: number): string[] {
  if (!Number.isFinite(columns)) return text.split('\n')
  const whole = text.replaceAll(/`[^`\n]*`/g, (command) => command.replaceAll(' ', KEPT_SPACE))
  return wrapAnsi(whole, columns, { wordWrap: true }).replaceAll(KEPT_SPACE, ' ').split('\n')
}

/** `  provider  `, `state  `, `ok     chain  `: what a line of facts begins with, colours and all. */
const HEAD = /^ *(?:[^\s:]+(?: [^\s:]+)? {2,})*/
const HANG = '  '

/** A text of several lines in so many columns: what does not fit goes on below where its line begins to tell something. */
export function fit(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= columns ? line : fitLine(line, columns)))
    .join('\n')
}

function fitLine(line: string, columns: number): string {
  const [found] = HEAD.exec(line)!
  const [margin] = /^ */.exec(line)!
  const isHead = found.length > margin.length && widthOf(found) <= columns / 2
  const head = isHead ? found : margin
  const indent = isHead ? ' '.repeat(widthOf(head)) : margin + HANG
  return head + wrapTo(line.slice(head.length), columns - indent.length).join(`\n${indent}`)
}
