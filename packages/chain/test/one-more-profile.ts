/**
 * This program as it is when one more profile is declared: the list is longer in memory, the file stays. Prints what it makes
 * of a genesis, and a genesis of its own.
 */
import { registerHooks } from 'node:module'

const LIST_END = '] as const satisfies readonly ProfileDeclaration[]'
const ADDED = `{ name: '16GiB', sectorBytes: 16 * GIB, ...PRODUCTION, porep: 1003, responseMs: 450_000, porepBytesMax: 2_370_000, listedBy: 'none' },`

registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    if (!url.endsWith('/proofs/src/spec/profile.ts')) return loaded
    const source = String(loaded.source)
    if (!source.includes(LIST_END)) throw new Error('the list of profiles does not end as this test thinks')
    return { ...loaded, source: source.replace(LIST_END, `${ADDED}${LIST_END}`) }
  },
})

const { devnetGenesis, genesisFromJson } = await import('../src/state/index.ts')
const { chainProfileOf, genesisHash, genesisToJson } = await import('@granary/protocol/records')
const { profileNamed } = await import('@granary/proofs/profile')

const earlier = genesisFromJson(JSON.parse(process.argv[2]!))
const { validators, beacon, accounts, timeMs } = earlier
const devnet = devnetGenesis({
  validator: validators[0]!,
  beaconPublicKey: beacon.publicKey,
  faucet: accounts[0]!.address,
  timeMs,
})
const profiles = [chainProfileOf(profileNamed('16GiB'), 900)]
const listing = genesisToJson({ ...earlier, params: { ...earlier.params, profiles } })
process.stdout.write(
  JSON.stringify({
    hashOfEarlier: genesisHash(earlier),
    hashOfDevnet: genesisHash(devnet),
    // Taken by the rules of a genesis, and written as it was read.
    listing: genesisToJson(genesisFromJson(listing)),
  }),
)
