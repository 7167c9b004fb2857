/** Asks a provider one thing that its protocol declares: the request is sent as it says, the answer is parsed by it. */
import { type Operation, type Parsed, pathOf, type Question } from '@granary/protocol/operation'
import { type JsonRequest, requestJson } from './request-json.ts'

type AskOptions = Pick<JsonRequest<unknown>, 'token' | 'fetch' | 'signal' | 'timeoutMs'>

/** @throws ProviderUnreachableError, ProviderAnswerError, or the error that the provider named */
export async function askProvider<O extends Operation>(
  endpoint: string,
  operation: O,
  question: Question<O>,
  options: AskOptions = {},
): Promise<Parsed<O>> {
  const url = endpoint + pathOf(operation, question.params as Readonly<Record<string, string | number>>)
  const schema = operation.answer as JsonRequest<Parsed<O>>['schema']
  return await requestJson({ url, body: question.body, schema, ...options })
}
