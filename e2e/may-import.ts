/** Who may import whom; a subpath where only that part of a package is open. docs/architecture.md has the reasons. */
export const mayImport: Readonly<Record<string, readonly string[]>> = {
  base: [],
  proofs: ['@granary/base'],
  content: ['@granary/base', '@granary/proofs'],
  protocol: ['@granary/base', '@granary/proofs/verify', '@granary/proofs/profile', '@granary/proofs/sha256'],
  chain: ['@granary/base', '@granary/protocol', '@granary/proofs/verify', '@granary/proofs/profile'],
  bench: [
    '@granary/base',
    '@granary/chain',
    '@granary/client',
    '@granary/content',
    '@granary/proofs',
    '@granary/protocol',
  ],
  client: ['@granary/base', '@granary/content', '@granary/protocol'],
  provider: [
    '@granary/base',
    '@granary/content',
    '@granary/proofs',
    '@granary/protocol',
    '@granary/chain/keystore',
    '@granary/chain/limits',
  ],
  sim: [
    '@granary/base',
    '@granary/protocol',
    '@granary/chain/state',
    '@granary/proofs/verify',
    '@granary/proofs/profile',
  ],
}
