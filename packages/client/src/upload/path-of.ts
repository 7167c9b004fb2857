/** The way from the root to what was given, as `get` and `save` take it. */
import type { Manifest } from '../ports.ts'

export function pathOf({ rootCid, name }: Manifest): string {
  return name === undefined ? rootCid : `${rootCid}/${name}`
}
