/** granary provider register: what only the owner may sign, where its key is; the daemon does without. */
import { dirname, join } from 'node:path'
import { type Command, Option } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { CHAIN_URL_DEFAULT, durationMs, grn, homeOf } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { UsageError } from '../../usage-error.ts'
import { type OwnerOptions, withOwner } from './open-operator.ts'

interface RegisterOptions extends OwnerOptions {
  readonly registration?: string
  readonly payout?: string
  readonly sessionLimit?: bigint
  readonly sessionTime?: number
}

export function addRegister(provider: Command, context: CommandContext): void {
  withOwner(provider.command('register'))
    .description('Sign as the owner what the provider wants the chain to say of it: at first, and after a change.')
    .option('--registration <file>', 'what the provider has written (default: registration.json of the home)')
    .option('--payout <address>', 'where its pay goes (default: as the chain has it, at first the owner)')
    .addOption(new Option('--session-limit <GRN>', "most that the daemon's key may spend from now on").argParser(grn))
    .addOption(
      new Option('--session-time <time>', "for how long the daemon's key may sign, such as 90d").argParser(durationMs),
    )
    .addHelpText('after', exitCodesHelp)
    .action((options: RegisterOptions) => register(options, context))
}

async function register(options: RegisterOptions, context: CommandContext): Promise<void> {
  const { sessionLimit, sessionTime, json = false, dryRun = false, yes, maxPrice, passphraseFile } = options
  if ((sessionLimit === undefined) !== (sessionTime === undefined)) {
    throw new UsageError(
      'the key of the daemon has a limit and a time together',
      'give both --session-limit and --session-time',
    )
  }
  const [
    operator,
    keystore,
    messages,
    { readAddress },
    { epochsIn, momentOf },
    { passphraseOf },
    { openChain },
    { configuredChain },
    print,
  ] = await Promise.all([
    import('@granary/provider/operator'),
    import('@granary/chain/keystore'),
    import('@granary/protocol/messages'),
    import('../wallet/read-address.ts'),
    import('@granary/protocol/epochs'),
    import('../../passphrase.ts'),
    import('../../open-chain.ts'),
    import('../../provider-home.ts'),
    Promise.all([
      import('../../interruptible.ts'),
      import('../../print/confirm-spending.ts'),
      import('../../print/result.ts'),
    ]),
  ])
  const [{ interruptible }, { confirmSpending }, { printResult }] = print
  const home = homeOf(options)
  const payout = options.payout === undefined ? undefined : readAddress(options.payout)
  const path = options.ownerKey ?? join(home, 'provider', 'keystore.json')
  const { may, ...result } = await interruptible(async (signal) => {
    const wanted = await operator.readRegistration(options.registration ?? join(home, 'provider', 'registration.json'))
    const url = options.chain ?? (await configuredChain(home)) ?? CHAIN_URL_DEFAULT
    const { chain, status, devnet } = await openChain({ chain: url }, signal)
    const [fees, params] = await Promise.all([chain.fees({ signal }), chain.params({ signal })])
    // An account that does not exist yet costs its record.
    const records = messages.providerFee(params) + (payout === undefined ? 0n : params.accountFee)
    const price = messages.feeOf('RegisterProvider', REGISTRATION_BYTES_MAX, fees) + records
    const expires = status.height + epochsIn(sessionTime ?? 0, status)
    const session = sessionLimit === undefined ? undefined : { spendingLimit: sessionLimit, expires }
    const may =
      session === undefined
        ? ''
        : `; the daemon's key may spend ${messages.formatGrn(session.spendingLimit)} from then on, until ${momentOf(expires, status)}`
    if (dryRun) return { price, wanted, session, may, registered: null }
    const passphrase = await passphraseOf({ passphraseFile, devnet, folder: dirname(path) })
    const signer = messages.accountSigner(await keystore.readKey(path, passphrase))
    await confirmSpending(context, { what: 'register the provider', price }, { yes, maxPrice, json, signal })
    if (status.devnet && BigInt((await chain.account(signer.address, { signal })).balance) === 0n) {
      await chain.faucet(signer.address, { signal })
    }
    return {
      price,
      wanted,
      session,
      may,
      registered: await operator.registerAsOwner({ chain, signer, wanted, payout, session, signal }),
    }
  })
  printResult(
    context,
    { ...result, wanted: { ...result.wanted, sessionKey: Buffer.from(result.wanted.sessionKey).toString('hex') } },
    {
      json,
      text: ({ price, registered, wanted }) =>
        registered === null
          ? `would sign that the provider is "${wanted.name}" at ${wanted.endpoints.join(', ')}, for at most ${messages.formatGrn(price)}${may}`
          : `provider ${registered.provider}: ${registered.done}${may}`,
    },
  )
}

const REGISTRATION_BYTES_MAX = 4_096
