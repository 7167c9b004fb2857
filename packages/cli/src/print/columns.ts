/** How wide a line may be: COLUMNS, else the terminal's width; where there is neither, as wide as it is. */
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import type { ProgramContext } from '../program-context.ts'

const COLUMNS_MIN = 20

export function columnsOf(stream: NodeJS.WritableStream, env: ProgramContext['env']): number {
  const asked = /^\d{1,5}$/.test(env.COLUMNS ?? '') ? Number(env.COLUMNS) : 0
  const { columns } = stream as Partial<NodeJS.WriteStream>
  const found = asked || columns || Number.POSITIVE_INFINITY
  return Math.max(found, COLUMNS_MIN)
}

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
