/** CometBFT is not shipped by anybody: it is built from its Go source, and found on PATH or where the operator says. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { GranaryError } from '@granary/base'

/** Built and tried with. */
export const COMET_VERSION = 'v0.40.0'
export const COMET_INSTALL: string = `CGO_ENABLED=0 go install github.com/cometbft/cometbft/cmd/cometbft@${COMET_VERSION}`
/** They speak ABCI 2.0; v0.40.0 says of itself that it is 0.39.0. */
const SPEAKS = /^v?0\.(38|39|40)\./

/** @returns its version, as it says itself @throws GranaryError COMETBFT_MISSING, COMETBFT_VERSION_WRONG */
export async function checkComet(program: string): Promise<string> {
  const version = await promisify(execFile)(program, ['version'], { timeout: 10_000 }).then(
    ({ stdout }) => stdout.trim(),
    (error: unknown) => {
      throw new CometMissingError(program, error)
    },
  )
  if (!SPEAKS.test(version)) throw new CometVersionError(program, version)
  return version
}

class CometMissingError extends GranaryError {
  constructor(program: string, cause: unknown) {
    super({
      code: 'COMETBFT_MISSING',
      message: `${program} cannot be run: ${Error.isError(cause) ? cause.message.split('\n')[0] : String(cause)}`,
      hint: `install it with \`${COMET_INSTALL}\` (Go 1.25 or newer), or name it with --cometbft`,
      details: { program },
      cause,
    })
  }
}

class CometVersionError extends GranaryError {
  constructor(program: string, version: string) {
    super({
      code: 'COMETBFT_VERSION_WRONG',
      message: `${program} is version ${version}, which does not speak ABCI 2.0 as this node does`,
      hint: `install ${COMET_VERSION} with \`${COMET_INSTALL}\` (never @latest: that is a dead line)`,
      details: { program, version },
    })
  }
}
