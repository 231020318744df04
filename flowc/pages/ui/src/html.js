// Preact with templates in place of a compile step.
import { h } from "preact";
import htm from "htm";
export { render } from "preact";
export { useEffect, useMemo, useRef, useState } from "preact/hooks";
export const html = htm.bind(h);
