// What `latchkey doctor` looks at for people: the providers by which they sign in, and the server that sends them mail.
import { ownVariables, type ServeSettings } from '../../config.ts'
import { type Finding, failed } from './doctor-findings.ts'

/** By which providers people sign in, if by any. */
export async function lookAtProviders({ publicUrl }: ServeSettings): Promise<Finding[]> {
  try {
    const { inspectProviders } = await import('../../latchkey.ts')
    const found = await inspectProviders(ownVariables())
    if (found.length > 0 && publicUrl === undefined) {
      const detail = 'People sign in at providers, and the server does not know its own address.'
      return [{ subject: 'sign-in', outcome: 'failure', detail, fix: 'Set LATCHKEY_PUBLIC_URL.' }]
    }
    return found.map(({ id, issuer, failure }) =>
      failure === undefined
        ? { subject: 'sign-in', outcome: 'ok', detail: `The provider ${id} answers at ${issuer}.` }
        : {
            subject: 'sign-in',
            outcome: 'warning',
            detail: `The provider ${id} cannot be asked at ${issuer}: ${failure}`,
            fix: 'Let this machine reach it, or correct its issuer.',
          },
    )
  } catch (error) {
    return [failed('sign-in', error, 'Correct the settings of providers, or unset them.')]
  }
}

/** By which server mail goes, if by any. */
export async function lookAtMail({ publicUrl }: ServeSettings): Promise<Finding[]> {
  const subject = 'mail'
  try {
    const { inspectMail } = await import('../../latchkey.ts')
    const found = await inspectMail(ownVariables())
    if (found === undefined) return []
    const { server, failure } = found
    if (failure !== undefined) {
      const detail = `${server} takes no mail of this machine: ${failure}`
      const fix = 'Correct LATCHKEY_SMTP_URL, or let this machine reach it: links are not sent until then.'
      return [{ subject, outcome: 'warning', detail, fix }]
    }
    if (publicUrl !== undefined)
      return [{ subject, outcome: 'ok', detail: `${server} takes mail. Nothing was sent.` }]
    const detail = `${server} takes mail, and no link can be sent: the server does not know its own address.`
    return [{ subject, outcome: 'warning', detail, fix: 'Set LATCHKEY_PUBLIC_URL.' }]
  } catch (error) {
    return [failed(subject, error, 'Correct the settings of mail, or unset them.')]
  }
}
