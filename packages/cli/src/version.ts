/** The version of this program, out of its package.json. */
import { readFileSync } from 'node:fs'
import { ownPath } from './own-path.ts'

export function version(): string {
  const text = readFileSync(ownPath('package.json'), 'utf8')
  const { version: own }: { version: string } = JSON.parse(text)
  return own
}
