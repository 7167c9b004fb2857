/** `@granary/protocol/chain-api`: what can be asked of a chain node, and how it answers. docs/spec/chain.md, section 8. */
export * from './answers.ts'
export { chainDescriptions } from './descriptions.ts'
export * from './governance.ts'
export * from './operations.ts'
export * from './validator-operations.ts'
