/** What is said of options that cannot be meant. Few puts load it. */
import { GranaryError } from '@granary/base'

const WANTED = {
  label: 'text, without half of a character',
  copies: 'a whole number from 1 to 64',
  collateralShareBps: 'a whole number of hundredths of a percent',
  maxPrice: "a bigint of attoGRN, such as 10n ** 18n, or 'any'",
  until: "'published' or 'active'",
} as const

/** PUT_OPTION_INVALID: an option has a value that it cannot have; LABEL_TOO_LONG. */
export function optionInvalid(option: keyof typeof WANTED, label: unknown): GranaryError {
  if (option === 'label' && typeof label === 'string' && label.isWellFormed()) {
    const message = `the label has ${new TextEncoder().encode(label).length} bytes, at most 256 are taken`
    return new GranaryError({ code: 'LABEL_TOO_LONG', message, hint: 'choose a shorter label' })
  }
  return new GranaryError({
    code: 'PUT_OPTION_INVALID',
    message: `${option} has a value that it cannot have`,
    hint: `give ${WANTED[option]}`,
    details: { option },
  })
}
