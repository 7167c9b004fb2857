/** When a light client cannot tell whether a header of CometBFT is the chain's. */
import { GranaryError } from '@granary/base'

/** TRUST_EXPIRED: validators of so long ago answer for nothing any more, so they could show any history. */
export class TrustExpiredError extends GranaryError {
  constructor(height: number, timeMs: number, trustingPeriodMs: number) {
    super({
      code: 'TRUST_EXPIRED',
      message: `what is trusted, block ${height} of ${date(timeMs)}, is more than ${Math.floor(trustingPeriodMs / 3_600_000)} h old`,
      hint: 'name a newer header that you trust with --trusted-header HEIGHT:HASH (a provider: `granary provider config set trustedHeader=HEIGHT:HASH`): who runs the network publishes one, and `granary chain header --chain URL` prints that of a node which you trust; check the clock of this machine',
      details: { height, timeMs, trustingPeriodMs },
    })
  }
}

/** HEADER_FROM_FUTURE */
export class HeaderFromFutureError extends GranaryError {
  constructor(height: number, timeMs: number, nowMs: number) {
    super({
      code: 'HEADER_FROM_FUTURE',
      message: `header ${height} is of ${date(timeMs)}, this machine's clock says ${date(nowMs)}`,
      hint: 'check the clock of this machine; if it is right, ask another node',
      details: { height, timeMs, nowMs },
    })
  }
}

function date(ms: number): string {
  return new Date(ms).toISOString()
}
