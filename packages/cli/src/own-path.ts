/** Where a file of this package is. This one stands in `src`, and what it is bundled into in `dist`: both are a folder below. */
import { fileURLToPath } from 'node:url'

/** @param path from the package's folder */
export function ownPath(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url))
}
