/**
 * For a long list of options: the list itself scrolls, as arrow keys move through it. Mantine's scroll area within it would
 * be a place that no key reaches.
 */
export const longList = { withScrollArea: false, classNames: { options: "long-list" } } as const;
