import { GranaryError } from '@granary/base'

/** A configuration file cannot be read, or holds what it may not. `line` counts from 1. */
export class ConfigInvalidError extends GranaryError {
  constructor(path: string, line: number | undefined, what: string, cause?: unknown) {
    super({
      code: 'SETTINGS_INVALID',
      message: `${path}${line === undefined ? '' : `, line ${line}`}: ${what}`,
      hint: 'correct the file; `granary config list` shows what there is to set',
      details: { path, ...(line === undefined ? {} : { line }) },
      cause,
    })
  }
}

export class ConfigKeyUnknownError extends GranaryError {
  constructor(key: string, suggested: string) {
    super({
      code: 'SETTING_UNKNOWN',
      message: `there is no setting "${key}"${suggested}`,
      hint: '`granary config list` names all of them',
      details: { key },
    })
  }
}

export class NetworkUnknownError extends GranaryError {
  constructor(name: string, known: readonly string[], suggested: string, place: string) {
    super({
      code: 'NETWORK_UNKNOWN',
      message: `there is no network "${name}"${suggested || (known.length > 0 ? `: known are ${known.join(', ')}` : '')}`,
      hint: `set its address with \`granary config set networks.NAME.chain URL\`; \`granary devnet\` makes one while it runs, noted in ${place}`,
      details: { name, known },
    })
  }
}
