/** The version of this program, out of its package.json. */
import { readFileSync } from 'node:fs'

export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { version: own }: { version: string } = JSON.parse(text)
  return own
}
