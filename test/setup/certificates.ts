// Certificates of a test's own, made by openssl: an authority, and servers that it has signed.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export interface CertificateFiles {
  certificate: string
  key: string
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes an authority in a folder. */
export function makeAuthority(folder: string, name: string): CertificateFiles {
  const files = filesOf(folder, name)
  const subject = ['-subj', `/CN=${name}`, '-days', '30']
  openssl(['req', '-x509', ...curve, '-keyout', files.key, '-out', files.certificate, ...subject])
  return files
}

/**
 * Makes a certificate that an authority has signed, for names such as `DNS:localhost` or `IP:127.0.0.1`; with days
 * below zero it has expired.
 */
export function makeCertificate(
  folder: string,
  name: string,
  authority: CertificateFiles,
  subjectNames: string,
  days = 30,
): CertificateFiles {
  const files = filesOf(folder, name)
  const request = join(folder, `${name}.csr`)
  const extension = ['-addext', `subjectAltName=${subjectNames}`]
  openssl(['req', ...curve, '-keyout', files.key, '-out', request, '-subj', `/CN=${name}`, ...extension])
  const signing = ['-CA', authority.certificate, '-CAkey', authority.key, '-copy_extensions', 'copy']
  openssl(['x509', '-req', '-in', request, ...signing, '-days', String(days), '-out', files.certificate])
  return files
}

function filesOf(folder: string, name: string): CertificateFiles {
  return { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}
