/** How this very program is started again: the same Node, the same flags, the same sources. */
import { fileURLToPath } from 'node:url'

export interface Self {
  readonly command: string
  readonly args: readonly string[]
}

export function self(): Self {
  const fromSource = import.meta.url.endsWith('.ts')
  const main = fileURLToPath(new URL(fromSource ? '../main.ts' : '../main.js', import.meta.url))
  const flags = fromSource ? ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning'] : []
  return { command: process.execPath, args: [...flags, main] }
}
