package policy

// Unknown holds, as one JSON object, the members of a stored record that this version of the program does not know: a later version wrote
// them. They are kept through every change of the record. Empty is none. Stores fill it; nothing else looks into it.
type Unknown string
