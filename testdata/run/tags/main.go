// Which files a package outside the standard library has: tags that std packages are built with are not set. (The tag cgo depends on the machine.)
package main

import "fmt"

var set []string

func main() { fmt.Println(set) }
