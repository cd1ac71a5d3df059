import { boolean, string } from '@oclif/core/flags'

/**
 * Every flag, once. Values stay text here and are judged in `read-options.ts`, since oclif wraps the
 * message of an error that a parser throws. Relations between flags are judged there too.
 */
const many = { multiple: true, multipleNonGreedy: true } as const

function toggle(summary: string, char?: 'n' | 'y' | 'q' | 'v') {
  return boolean({ summary, default: false, ...(char !== undefined && { char }) })
}

const identity = {
  ca: string({
    ...many,
    helpValue: 'FILE',
    summary: 'CA certificates in a regular file, PEM, DER or PKCS#7 (repeatable)',
  }),
  fingerprint: string({
    ...many,
    helpValue: 'SHA256:HEX',
    summary: 'accept exactly this certificate; colons and case do not matter (repeatable)',
  }),
}

const network = {
  timeout: string({ helpValue: 'SECONDS', summary: 'of one network step, 1 to 600; 10 unless given' }),
  resolve: string({
    ...many,
    helpValue: 'HOST:PORT:ADDRESS',
    summary: 'look at this address, whatever the name stands for (repeatable)',
  }),
  proxy: string({
    helpValue: 'URL',
    summary: "look through this HTTP proxy; the engine's own settings unless given",
  }),
  'no-aia': toggle('do not fetch missing certificates from the addresses that certificates name'),
}

const client = {
  'client-cert': string({
    helpValue: 'FILE',
    summary: 'the certificate to show to the registry, PEM or DER, with --client-key',
  }),
  'client-key': string({ helpValue: 'FILE', summary: 'its private key, PEM or DER' }),
  'client-p12': string({ helpValue: 'FILE', summary: 'both in one PKCS#12 file' }),
}

const targets = {
  runtime: string({
    ...many,
    helpValue: 'NAME',
    options: ['docker', 'podman', 'skopeo', 'buildah', 'containerd', 'buildkit', 'k3s', 'rke2', 'cri-o'],
    summary:
      'docker, podman, skopeo, buildah, containerd, buildkit, k3s, rke2, cri-o; those found unless given (repeatable)',
  }),
  file: string({ helpValue: 'LIST', summary: 'read registries from a file, one a line, # begins a comment' }),
}

const output = {
  json: toggle('print one JSON document on stdout'),
  quiet: toggle('print errors only', 'q'),
  verbose: toggle('print every step', 'v'),
  'no-color': toggle('plain text'),
}

const pem = { 'json-pem': toggle('JSON with the certificates in PEM') }

const consent = {
  'dry-run': toggle('print the plan and change nothing', 'n'),
  check: toggle('print the plan, and exit 3 if anything would change'),
  yes: toggle('agree to the changes (never to an identity)', 'y'),
  'no-input': toggle('never ask'),
}

const place = {
  machine: string({
    helpValue: 'WHERE',
    summary:
      "local, ssh://user@host[:port], boot2docker[:NAME], or the root folder of an image: where the engine lives; Docker's own settings unless given",
  }),
}

const state = {
  ...place,
  'state-dir': string({ helpValue: 'DIR', summary: 'where the journal lives' }),
}

const restart = {
  restart: string({
    helpValue: 'WHEN',
    options: ['auto', 'never', 'always'],
    summary:
      'of engines that read the OS store: auto (where they cannot see the change otherwise), never, always',
  }),
}

export const trustFlags = {
  ...identity,
  'trust-on-first-use': toggle('accept the identity that the registry presents, unchecked'),
  prune: toggle('drop the anchors that earlier identities left behind'),
  scope: string({
    helpValue: 'SCOPE',
    options: ['registry', 'system'],
    summary: 'registry: trusted for this registry only; system: by all that reads the OS store',
  }),
  ...restart,
  'keep-appended': toggle('keep what somebody appended to the bundle of the OS store, as files of its own'),
  username: string({ char: 'u', helpValue: 'NAME', summary: 'log in as NAME after trust' }),
  'password-stdin': toggle('read the password from stdin'),
  'token-realm': string({
    ...many,
    helpValue: 'HOST',
    summary: 'send the password to this token service as well, HOST or HOST:PORT (repeatable)',
  }),
  'no-login': toggle('do not log in'),
  'login-required': toggle('take the trust back if the login fails'),
  offline: toggle('install --ca FILE without asking the registry'),
  ...client,
  ...targets,
  ...network,
  ...consent,
  ...state,
  ...output,
  ...pem,
}

const offline = {
  chain: string({
    helpValue: 'FILE',
    summary: 'judge the certificates in a file, leaf first, in place of a registry',
  }),
  host: string({ helpValue: 'NAME', summary: 'the name or address that the --chain is to be good for' }),
  roots: string({
    helpValue: 'FILE',
    summary: "trust the certificates in FILE; this machine's roots unless given",
  }),
  at: string({ helpValue: 'RFC3339', summary: 'judge the --chain as of this time; now unless given' }),
  go: string({
    helpValue: 'VERSION',
    summary: 'by the rules of this Go release, such as 1.19 or go1.24.4; before 1.19 approximately',
  }),
}

export const diagnoseFlags = {
  ...place,
  ca: identity.ca,
  ...client,
  ...targets,
  ...offline,
  ...network,
  ...output,
  ...pem,
}

export const undoFlags = {
  all: toggle('everything that was done on this machine'),
  file: targets.file,
  ...restart,
  timeout: network.timeout,
  ...consent,
  ...state,
  ...output,
}

export const statusFlags = { ...state, ...output }

export const demoFlags = output

export const allFlags = { ...trustFlags, ...diagnoseFlags, ...undoFlags }
