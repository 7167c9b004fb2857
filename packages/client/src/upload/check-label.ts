import { GranaryError } from '@granary/base'

/** The longest that the chain takes (docs/spec/chain.md, DealTerms). */
const LABEL_BYTES_MAX = 256

export class LabelTooLongError extends GranaryError {
  constructor(bytes: number) {
    super({
      code: 'LABEL_TOO_LONG',
      message: `the label has ${bytes} bytes, at most ${LABEL_BYTES_MAX} are taken`,
      hint: 'choose a shorter label',
      details: { bytes, bytesMax: LABEL_BYTES_MAX },
    })
  }
}

/** @throws LabelTooLongError */
export function checkLabel(label: string): void {
  const bytes = new TextEncoder().encode(label).length
  if (bytes > LABEL_BYTES_MAX) throw new LabelTooLongError(bytes)
}
