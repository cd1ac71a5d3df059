import { DerReader, tag } from './der.ts'
import { goAtLeast, takesPaddedOids, type GoVersion } from './go-version.ts'
import { decodeUtf8 } from './go-text.ts'
import { readTime } from './time.ts'

/** A distinguished name. `text` reads like Go's pkix.Name.String (RFC 2253: most specific part first). */
export interface Name {
  readonly text: string
  readonly commonName?: string
  readonly organization: readonly string[]
  readonly empty: boolean
}

interface Attribute {
  readonly type: string
  readonly value?: string
  readonly der: Buffer
}

const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.17': 'POSTALCODE',
}

/** parser.go parseName (RFC 5280 4.1.2.4); a string is the reason for which Go refuses the name. */
export function parseName(raw: Buffer, go: GoVersion): Name | string {
  const sequence = new DerReader(raw).enter(tag.sequence)
  if (sequence === undefined) return 'x509: invalid RDNSequence'
  const rdns: Attribute[][] = []
  while (!sequence.empty) {
    const set = sequence.enter(tag.set)
    if (set === undefined) return 'x509: invalid RDNSequence'
    const rdn: Attribute[] = []
    while (!set.empty) {
      const attribute = readAttribute(set, go)
      if (typeof attribute === 'string') return `x509: invalid RDNSequence: ${attribute}`
      rdn.push(attribute)
    }
    rdns.push(rdn)
  }
  return describe(rdns)
}

function readAttribute(set: DerReader, go: GoVersion): Attribute | string {
  const pair = set.enter(tag.sequence)
  if (pair === undefined) return 'invalid attribute'
  const type = pair.oid(takesPaddedOids(go))
  if (type === undefined) return 'invalid attribute type'
  const element = pair.any()
  const relaxed = goAtLeast(go, 27)
  if (element === undefined) {
    return relaxed ? 'invalid attribute value: invalid ASN.1 element' : 'invalid attribute value'
  }
  const value = readString(element.tag, element.content, go)
  if (value !== undefined && 'value' in value) return { type, value: value.value, der: element.full }
  if (value !== undefined) return `invalid attribute value: ${value.error}`
  if (!relaxed) return `invalid attribute value: unsupported string type: ${element.tag}`
  const error = otherValueError(element.tag, element.full)
  return error === undefined ? { type, der: element.full } : `invalid attribute value: ${error}`
}

type Text = { readonly value: string } | { readonly error: string }

// parser.go parseASN1String; undefined for a type that is no string.
function readString(type: number, content: Buffer, go: GoVersion): Text | undefined {
  const latin1 = content.toString('latin1')
  switch (type) {
    case tag.t61String:
      return { value: latin1 }
    case tag.printableString:
      // * and & are outside the type, yet found in certificates in use.
      return /^[A-Za-z0-9'()+,\-./ :=?*&]*$/.test(latin1)
        ? { value: latin1 }
        : { error: 'invalid PrintableString' }
    case tag.utf8String: {
      const value = decodeUtf8(content)
      return value === undefined ? { error: 'invalid UTF-8 string' } : { value }
    }
    case tag.bmpString:
      return readBmpString(content, go)
    case tag.ia5String:
      return content.every((octet) => octet < 0x80) ? { value: latin1 } : { error: 'invalid IA5String' }
    case tag.numericString:
      return /^[0-9 ]*$/.test(latin1) ? { value: latin1 } : { error: 'invalid NumericString' }
    default:
      return undefined
  }
}

function readBmpString(content: Buffer, go: GoVersion): Text {
  if (content.length % 2 !== 0) return { error: 'invalid BMPString' }
  let value = ''
  for (let i = 0; i < content.length; i += 2) {
    const unit = content.readUInt16BE(i)
    if (unit === 0 && i === content.length - 2) break
    const reserved =
      unit >= 0xfffe || (unit >= 0xfdd0 && unit <= 0xfdef) || (unit >= 0xd800 && unit <= 0xdfff)
    if (reserved && goAtLeast(go, 26)) return { error: 'invalid BMPString' }
    value += String.fromCharCode(unit)
  }
  return { value }
}

// parser.go readASN1Any: values that are no strings are let in since 1.27, if they are well formed.
function otherValueError(type: number, full: Buffer): string | undefined {
  const der = new DerReader(full)
  switch (type) {
    case tag.integer:
      return der.int64() === undefined ? 'invalid ASN.1 integer' : undefined
    case tag.bitString:
      return der.bitString() === undefined ? 'invalid ASN.1 BIT STRING' : undefined
    case tag.oid:
      return der.oid() === undefined ? 'invalid ASN.1 OBJECT IDENTIFIER' : undefined
    case tag.boolean:
      return der.boolean() === undefined ? 'invalid ASN.1 BOOLEAN' : undefined
    case tag.utcTime:
    case tag.generalizedTime: {
      const time = readTime(der)
      return typeof time === 'string' ? time : undefined
    }
    default:
      return undefined
  }
}

function describe(rdns: readonly (readonly Attribute[])[]): Name {
  const attributes = rdns.flat()
  const commonName = attributes.findLast(
    (attribute) => attribute.type === '2.5.4.3' && attribute.value !== undefined,
  )
  const organization = attributes.flatMap((attribute) =>
    attribute.type === '2.5.4.10' && attribute.value !== undefined ? [attribute.value] : [],
  )
  const parts = rdns.map((rdn) => rdn.map(attributeText).join('+')).reverse()
  const text = parts.join(',')
  return {
    text,
    organization,
    empty: attributes.length === 0,
    ...(commonName?.value === undefined ? {} : { commonName: commonName.value }),
  }
}

function attributeText(attribute: Attribute): string {
  const short = shortNames[attribute.type]
  if (short === undefined || attribute.value === undefined) {
    return `${attribute.type}=#${attribute.der.toString('hex')}`
  }
  const escaped = attribute.value.replace(/[,+"\\<>;]|^[ #]| $/g, (character) => `\\${character}`)
  return `${short}=${escaped}`
}
