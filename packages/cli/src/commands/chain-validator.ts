/** granary chain validator bond | unbond | unjail | status | list: what a validator puts up, and how it stands. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../exit-code.ts'
import { type ChainOptions, grn, homeOf, type JsonOptions, withChain, withJson } from '../options.ts'
import type { CommandContext } from '../program-context.ts'
import {
  publicKeyArgument,
  type SpendOptions,
  type WalletOptions,
  withWallet,
  withWalletSpending,
} from './wallet/wallet-options.ts'

interface BondOptions extends SpendOptions {
  readonly validatorKey?: string
}

interface OfValidator {
  readonly validator?: `0x${string}`
}

type UnbondOptions = SpendOptions & OfValidator
type UnjailOptions = WalletOptions & OfValidator

export function addChainValidator(chain: Command, context: CommandContext): void {
  const validator = chain.command('validator').description('Bond a validator, take its bond back, see how it stands.')
  const bond = validator
    .command('bond')
    .description("Bond money of the wallet's account for a validator; its power follows the bond.")
    .argument('<amount...>', 'such as `1000` or `1000.5 GRN`')
    .option('--validator-key <file>', 'what the validator signs with (default: <home>/chain/validator.key)')
  withWalletSpending(bond)
    .addHelpText('after', exitCodesHelp)
    .action((amount: readonly string[], options: BondOptions) => bondValidator(grn(amount.join(' ')), options, context))
  const unbond = validator
    .command('unbond')
    .description('Take a bond or a part of it back: it comes after a time in which it can still be slashed.')
    .argument('<amount...>', 'such as `1000` or `1000.5 GRN`')
  withWalletSpending(withKey(unbond))
    .addHelpText('after', exitCodesHelp)
    .action((amount: readonly string[], options: UnbondOptions) =>
      unbondValidator(grn(amount.join(' ')), options, context),
    )
  withWallet(withKey(validator.command('unjail')))
    .description('Have a validator that was silent take part again; it costs a fee alone, and nobody is asked.')
    .addHelpText('after', exitCodesHelp)
    .action((options: UnjailOptions) => unjail(options, context))
  withWallet(withKey(validator.command('status')))
    .description('Show the bond and the power of a validator, and whether it is jailed.')
    .addHelpText('after', exitCodesHelp)
    .action((options: UnjailOptions) => status(options, context))
  withJson(withChain(validator.command('list')))
    .description('List the validators of the chain.')
    .addHelpText('after', exitCodesHelp)
    .action((options: ChainOptions & JsonOptions) => list(options, context))
}

function withKey(command: Command): Command {
  return command.option(
    '--validator <public-key>',
    'which one (default: that of <home>/chain/validator.key)',
    publicKeyArgument,
  )
}

async function bondValidator(amount: bigint, options: BondOptions, context: CommandContext): Promise<void> {
  const [protocol, keys, { openChain }, { ownAddress }, { interruptible }, { printBond }, { send }] = await Promise.all(
    [
      import('@granary/protocol/messages'),
      import('./validator/validator-key.ts'),
      import('../open-chain.ts'),
      import('./wallet/own-address.ts'),
      import('../interruptible.ts'),
      import('./validator/print-bond.ts'),
      import('./validator/send.ts'),
    ],
  )
  const key = keys.readValidatorKey(options.validatorKey ?? keys.keyFile(homeOf(options)))
  const done = await interruptible(async (signal) => {
    const opened = await openChain(options, signal)
    const owner = await ownAddress(options, context, signal)
    const digest = protocol.possessionDigest(opened.status.genesisHash, owner)
    const body = { validator: key.publicKey, amount, possession: key.sign(digest) }
    return await send({ opened, options, context, signal }, 'BondValidator', body, amount)
  })
  printBond(context, { ...done, amount, validator: keys.hexOf(key) }, options, 'bonded')
}

async function unbondValidator(amount: bigint, options: UnbondOptions, context: CommandContext): Promise<void> {
  const [{ fromHex }, keys, { openChain }, { interruptible }, { printBond }, { send }] = await Promise.all([
    import('@granary/base'),
    import('./validator/validator-key.ts'),
    import('../open-chain.ts'),
    import('../interruptible.ts'),
    import('./validator/print-bond.ts'),
    import('./validator/send.ts'),
  ])
  const validator = keys.publicKeyOf(options, homeOf(options))
  const done = await interruptible(async (signal) => {
    const opened = await openChain(options, signal)
    return await send(
      { opened, options, context, signal },
      'UnbondValidator',
      { validator: fromHex(validator), amount },
      0n,
    )
  })
  printBond(context, { ...done, amount, validator }, options, 'unbonding')
}

async function unjail(options: UnjailOptions, context: CommandContext): Promise<void> {
  const [{ fromHex }, keys, { openChain }, { interruptible }, { printResult }, { send }] = await Promise.all([
    import('@granary/base'),
    import('./validator/validator-key.ts'),
    import('../open-chain.ts'),
    import('../interruptible.ts'),
    import('../print/result.ts'),
    import('./validator/send.ts'),
  ])
  const validator = keys.publicKeyOf(options, homeOf(options))
  const done = await interruptible(async (signal) => {
    const opened = await openChain(options, signal)
    const given = { opened, options: { ...options, yes: true as const }, context, signal }
    return await send(given, 'Unjail', { validator: fromHex(validator) }, 0n)
  })
  printResult(
    context,
    { validator, fee: done.fee, sent: done.sent },
    {
      json: options.json ?? false,
      text: ({ sent }) => `${validator} takes part again, from the blocks after block ${sent?.height} on`,
    },
  )
}

async function status(options: UnjailOptions, context: CommandContext): Promise<void> {
  const [keys, { getValidator }, { openChain }, { interruptible }, { validatorText }, { printResult }] =
    await Promise.all([
      import('./validator/validator-key.ts'),
      import('@granary/protocol/chain-api'),
      import('../open-chain.ts'),
      import('../interruptible.ts'),
      import('./validator/validator-text.ts'),
      import('../print/result.ts'),
    ])
  const publicKey = keys.publicKeyOf(options, homeOf(options))
  const { view, time } = await interruptible(async (signal) => {
    const { chain, status: time } = await openChain(options, signal)
    return { view: await chain.ask(getValidator, { params: { publicKey } }, { signal }), time }
  })
  printResult(context, view, { json: options.json ?? false, text: (found) => validatorText(found, time) })
}

async function list(options: ChainOptions & JsonOptions, context: CommandContext): Promise<void> {
  const [{ listValidators }, { openChain }, { interruptible }, { validatorLine }, { printResult }] = await Promise.all([
    import('@granary/protocol/chain-api'),
    import('../open-chain.ts'),
    import('../interruptible.ts'),
    import('./validator/validator-text.ts'),
    import('../print/result.ts'),
  ])
  const found = await interruptible(async (signal) => {
    const { chain } = await openChain(options, signal)
    const validators = []
    for (let after: string | undefined; ; ) {
      const page = await chain.ask(listValidators, { query: { after } }, { signal })
      validators.push(...page.items)
      if (page.next === null) return { validators }
      after = page.next
    }
  })
  printResult(context, found, {
    json: options.json ?? false,
    text: ({ validators }) => validators.map(validatorLine).join('\n'),
  })
}
