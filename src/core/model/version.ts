/** The tool's version, written into histories, manifests and reports. A test holds it equal to package.json's. */
export const TOOL_VERSION = '0.1.0';
