import { GranaryError } from '@granary/base'
import type { Denial } from './denylist.ts'

export class ContentDeniedError extends GranaryError {
  constructor(what: string, { status, list }: Denial) {
    super({
      code: status === 451 ? 'CONTENT_UNLAWFUL' : 'CONTENT_DENIED',
      message: `${what} is not served here, by a rule of ${list}`,
      hint: 'ask its operator why, or another provider for it',
      details: { list },
    })
  }
}
