// Which files a package outside the standard library has: tags that std packages are built with are not set.
package main

import "fmt"

var set []string

func main() { fmt.Println(set) }
