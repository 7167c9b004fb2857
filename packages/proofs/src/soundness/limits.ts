/** What makes sense as a chance, a share and a count. */
import { GranaryError } from '@granary/base'

export class SoundnessInputError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'SOUNDNESS_INPUT_INVALID',
      message,
      hint: 'shares and chances go from 0 to 1, counts are whole numbers of at least 1',
    })
  }
}

/** 0 … 1 */
export function assertShare(what: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new SoundnessInputError(`${what} is ${value}`)
}

export function assertCount(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new SoundnessInputError(`${what} is ${value}`)
}
