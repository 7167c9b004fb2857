/** drand's mainnet of this scheme: https://docs.drand.love/blog/2023/10/16/quicknet-is-live */
import type { Genesis } from '@granary/protocol/records'

const CHAIN = '52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971'

export const quicknet: Genesis['beacon'] = {
  publicKey:
    '0x83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a',
  genesisTimeMs: 1_692_803_367_000,
  periodMs: 3_000,
}

/** Relays of different operators. */
export const quicknetUrls: readonly string[] = [
  `https://api.drand.sh/${CHAIN}`,
  `https://drand.cloudflare.com/${CHAIN}`,
]
