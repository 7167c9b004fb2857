/** How far a sealing has come, on standard error: a line a step, and for long steps a line every few seconds. */
import type { SealProgress } from '@granary/proofs/seal'
import { formatMs } from '../../print/quantities.ts'

/** Within a step. */
const LINE_MS = 5_000
const TIME_WIDTH = 12

export function createSealTeller(stream: NodeJS.WritableStream): (progress: SealProgress) => void {
  const startMs = performance.now()
  let lineMs = startMs
  return (progress) => {
    const nowMs = performance.now()
    const within = progress.type === 'seal:parents' || progress.type === 'seal:labels'
    if (within && nowMs - lineMs < LINE_MS) return
    lineMs = nowMs
    stream.write(`${formatMs(nowMs - startMs).padStart(TIME_WIDTH)}  ${lineOf(progress)}\n`)
  }
}

function lineOf(progress: SealProgress): string {
  switch (progress.type) {
    case 'seal:parents':
      return `parents table, ${Math.floor((progress.done * 100) / progress.total)} %`
    case 'seal:labels':
      return `layer ${progress.layer} of ${progress.layers}, ${Math.floor((progress.done * 100) / progress.total)} %`
    case 'seal:layer':
      return `layer ${progress.layer} of ${progress.layers}`
    case 'seal:trees':
      return 'columns and trees'
    case 'seal:encode':
      return 'replica'
    case 'seal:done':
      return 'sealed'
  }
}
