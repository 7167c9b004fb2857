/** The command that goes on with a put which was stopped. */
import type { Action } from '../print/envelope.ts'
import type { PutCommandOptions } from './put-options.ts'
import { sourceFlags } from './source-options.ts'

/** The same command once more. */
export function resumeOf(paths: readonly string[], options: PutCommandOptions): Action {
  const { duration, renewUntil, copies, provider, label, again, wait, yes, maxPrice } = options
  const { passphraseFile, chain, genesis, home } = options
  const flags = [
    ...(duration === undefined ? [] : ['--duration', `${duration / 1000}s`]),
    ...(renewUntil === undefined ? [] : ['--renew-until', renewUntil.toISOString().slice(0, 16)]),
    ...(copies === undefined ? [] : ['--copies', `${copies}`]),
    ...(provider === undefined ? [] : ['--provider', `${provider}`]),
    ...(label === undefined ? [] : ['--label', label]),
    ...(again ? ['--again'] : []),
    ...(wait ? [] : ['--no-wait']),
    ...(yes ? ['--yes'] : []),
    ...(maxPrice === undefined ? [] : ['--max-price', `${maxPrice} attoGRN`]),
    ...(passphraseFile === undefined ? [] : ['--passphrase-file', passphraseFile]),
    ...sourceFlags(options),
    ...(home === undefined ? [] : ['--home', home]),
    ...['--chain', chain],
    // With a chain that is named the one that files pin counts no more.
    ...(genesis === undefined ? [] : ['--genesis', genesis]),
  ]
  return { cmd: ['granary put', ...[...paths.map(asPath), ...flags].map(quoted)].join(' '), why: 'goes on' }
}

/** No option, whatever it begins with. */
function asPath(path: string): string {
  return path.startsWith('-') && path !== '-' ? `./${path}` : path
}

/** As a shell reads it. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
