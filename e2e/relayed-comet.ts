/** A network whose validators each have a relay between application and CometBFT, by which a test knows where in a block they are. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AbciRelay, startAbciRelay } from '../packages/chain/test/abci-relay.ts'
import { type Network, type NetworkOptions, startNetwork } from './comet.ts'
import type { Workbench } from './harness.ts'

export interface RelayedNetwork extends Network {
  /** One a validator. */
  readonly relays: readonly AbciRelay[]
}

export async function startRelayedNetwork(bench: Workbench, options: NetworkOptions): Promise<RelayedNetwork> {
  const relays: AbciRelay[] = []
  const socketOf = (home: string): string => join(home, 'relay.sock')
  const network = await startNetwork(bench, {
    ...options,
    async prepare(homes) {
      for (const home of homes)
        relays.push(await startAbciRelay(socketOf(home), join(home, 'chain', 'comet', 'abci.sock')))
    },
    programOf(home, program) {
      const path = join(home, 'relayed-comet')
      const real = `exec "${program}" "$@"`
      writeFileSync(path, `#!/bin/sh\n[ "$1" = start ] || ${real}\n${real} --proxy_app "unix://${socketOf(home)}"\n`)
      chmodSync(path, 0o700)
      return path
    },
  })
  return {
    ...network,
    relays,
    async stop() {
      await network.stop()
      for (const relay of relays) await relay.close()
    },
  }
}
