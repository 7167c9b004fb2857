/** Three validators on the real CometBFT, and a fourth that comes later and is bonded. */
import { join } from 'node:path'
import { fromHex, toHex } from '@granary/base'
import { getValidator, type ValidatorView } from '@granary/protocol/chain-api'
import { sendMessage } from '@granary/protocol/client'
import { decodeTuple } from '@granary/protocol/codec'
import { cometCommit } from '@granary/protocol/comet'
import { possessionDigest, type Signer, sessionSigner } from '@granary/protocol/messages'
import { changeParams } from './change-params.ts'
import { type Network, startNetwork, startValidator, type Validator } from './comet.ts'
import { fundedSigner } from './comet-kills.ts'
import { COMETBFT, goProgram } from './go-program.ts'
import type { Workbench } from './harness.ts'
import { joinHome } from './join-home.ts'
import { QUICK } from './story.ts'

export const BOND: bigint = 10n ** 19n
/** So that silence is a matter of seconds. */
const HASTY = { ...QUICK, params: { ...QUICK.params, livenessWindow: '16', jailTime: '4' } }
const ITEMS_MAX = 5_000

export interface BondedNetwork {
  readonly network: Network
  readonly publicKey: Uint8Array
  /** A node with the key of the fourth, in a home of that name. */
  join(name: string): Promise<Validator>
  /** By an account that has it from then on. */
  bond(): Promise<Signer>
  standing(): Promise<ValidatorView>
  /** Whether the newest block whose votes are known has one of the fourth. */
  votes(): Promise<boolean>
}

export async function startBondedNetwork(bench: Workbench): Promise<BondedNetwork> {
  const seed = crypto.getRandomValues(new Uint8Array(32))
  const { publicKey, sign } = sessionSigner(seed, `0x${'00'.repeat(20)}`)
  let homes: readonly string[] = []
  const prepare = async (made: readonly string[]) => {
    homes = made
    for (const each of made) changeParams(each, HASTY)
  }
  const network = await startNetwork(bench, { validators: 3, blockTimeMs: 300, prepare })
  const { client: chain } = network.validators[0]!
  return {
    network,
    publicKey,
    async join(name) {
      const home = join(bench.home, name)
      await joinHome(home, homes, seed)
      return await startValidator(bench, home, goProgram(COMETBFT))
    },
    async bond() {
      const owner = await fundedSigner(network)
      const { genesisHash } = await chain.status()
      // A session key's signature stands behind the key.
      const possession = sign({ digest: possessionDigest(genesisHash, owner.address) }).subarray(publicKey.length)
      const body = { validator: publicKey, amount: BOND, possession }
      await sendMessage({ chain, signer: owner, kind: 'BondValidator', body })
      return owner
    },
    standing: () => chain.ask(getValidator, { params: { publicKey: toHex(publicKey) } }),
    async votes() {
      const { signature } = await chain.block((await chain.status()).height - 1)
      const { voters } = cometCommit.fromWire(decodeTuple(fromHex(signature), 'votes', ITEMS_MAX), 'votes')
      return voters.some((each) => toHex(each.publicKey) === toHex(publicKey) && each.signature.length > 0)
    },
  }
}
