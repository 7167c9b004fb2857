/** Colours where there is a terminal that wants them: NO_COLOR, FORCE_COLOR and TERM=dumb are respected. */
import { styleText } from 'node:util'

export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold'

export function paint(stream: NodeJS.WritableStream, style: Style, text: string): string {
  return styleText(style, text, { stream })
}
