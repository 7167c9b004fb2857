/** docs/threat-model.md, made from the list of attacks. */
import { type Attack, attacks } from './attacks.ts'

const HEAD = `# Threat model

Who may attack: a provider that would be paid for what it does not store, a client that would store without paying, a
stranger with many accounts, addresses and little money, the holder of a stolen session key, who makes the blocks of a chain
with one validator, validators with less than a third of the power, relays of the beacon that lie or are silent, and who can stop the chain for a while. What is assumed:
SHA-256, secp256k1, ed25519 and BLS12-381 hold; fewer than the beacon's threshold of its operators collude; a replica cannot
be made faster than one SHA-256 block after the other allows (spec/proofs.md).

Each row is an attack that runs as a test of that name: it is tried, and refused or made a loss. The page is printed from the
list in \`packages/chain/test/attacks.ts\` by \`packages/chain/test/print-threat-model.ts\`.

| attack | what refuses it | what it costs who tries | test |
|---|---|---|---|
`

export function threatModel(): string {
  return HEAD + attacks.map(rowOf).join('')
}

function rowOf({ name, refusedBy, cost, file }: Attack): string {
  return `| ${name} | ${refusedBy} | ${cost} | [${file.split('/').at(-1)}](../packages/${file}.test.ts) |\n`
}
