package main
import ("testing";"os";"bytes";"io")
func TestZZ(t *testing.T){
 name:=os.Getenv("IN"); 
 for i:=0;i<3;i++ { run([]string{"-n","-j",os.Getenv("J"),"-r",name}, io.Discard, io.Discard) }
 _=bytes.MinRead
}
