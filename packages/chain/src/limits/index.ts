/** `@granary/chain/limits`: what one address may use of an HTTP service, for nodes and providers alike. Node only. */
export { type AddressOf, addressesThatCount } from '../rpc/address-limits.ts'
export { type Budget, createBudget } from '../rpc/create-budget.ts'
export { createPlaces, type Places } from '../rpc/create-places.ts'
export { AddressBusyError } from '../rpc/errors.ts'
export { limitRate } from '../rpc/limit-rate.ts'
