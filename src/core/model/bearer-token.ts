/** The token of a header `Authorization: Bearer TOKEN`; undefined without one. */
export function bearerToken(authorization = ''): string | undefined {
  return authorization.slice(0, 7).toLowerCase() === 'bearer ' ? authorization.slice(7).trim() || undefined : undefined;
}
