// Package configs declares every setting of the server, once, and loads them.
//
// Config is the declaration: the name, the default and the help of a setting stand beside its field, and the flags, the environment
// variables, the file and --help are all derived from them. Load merges the four sources and refuses unknown and unacceptable settings: the
// error names the setting, where it was set, and what is allowed.
//
// It is the only package that imports koanf. Of this module it imports policy and nothing else.
package configs
