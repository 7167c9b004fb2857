/**
 * What a start leaves behind is a third of the heap, and V8, which collects when memory is asked for, keeps it for as long as
 * nothing is asked of the provider.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

export function collectStart(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof collect === 'function') collect()
}
