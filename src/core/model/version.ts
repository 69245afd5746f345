/** The tool's version, written into histories, manifests and reports. `npm run generate` reads it from package.json. */
export const TOOL_VERSION = '0.1.0';
