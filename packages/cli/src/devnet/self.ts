/** How this very program is started again: the same Node, the same flags, the same sources. */
import { ownPath } from '../own-path.ts'

export interface Self {
  readonly command: string
  readonly args: readonly string[]
}

export function self(): Self {
  const isSource = import.meta.url.endsWith('.ts')
  const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']
  const args = isSource ? [...flags, ownPath('src/main.ts')] : [ownPath('bin/granary.js')]
  return { command: process.execPath, args }
}
