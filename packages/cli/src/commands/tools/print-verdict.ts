/** What a verifier said: exit code 0 or 1, and with --json the verdict as the data of the envelope, either way. */
import type { ErrorCode } from '@granary/base'
import type { Verdict } from '@granary/proofs/verify'
import { EXIT } from '../../exit-code.ts'
import { type Envelope, success } from '../../print/envelope.ts'
import { paint } from '../../print/paint.ts'
import type { CommandContext } from '../../program-context.ts'

export function printVerdict(verdict: Verdict, json: boolean, { stdout, setExitCode }: CommandContext): void {
  if (!verdict.ok) setExitCode(EXIT.failed)
  stdout.write(json ? `${JSON.stringify(envelopeOf(verdict))}\n` : `${inWords(verdict, stdout)}\n`)
}

function envelopeOf(verdict: Verdict): Envelope<Verdict> {
  if (verdict.ok) return success(verdict)
  const hint = 'check that file and public inputs belong together; if they do, the proof is not valid'
  const code: ErrorCode = verdict.reason
  const error = { code, message: 'the proof is refused', hint, retryable: false }
  return { ...success(verdict), ok: false, code, error }
}

function inWords(verdict: Verdict, stdout: NodeJS.WritableStream): string {
  if (verdict.ok) return paint(stdout, 'green', 'valid')
  return `${paint(stdout, 'red', 'refused')}  ${verdict.reason}`
}
